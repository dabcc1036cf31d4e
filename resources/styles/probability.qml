<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22" styleCategories="Symbology">
  <pipe>
    <rasterrenderer type="singlebandpseudocolor" band="1" alphaBand="-1" opacity="0.8" classificationMin="0" classificationMax="1">
      <rastershader>
        <colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" minimumValue="0" maximumValue="1">
          <item value="0" alpha="0" color="#3b0f70" label="0"/>
          <item value="0.1" alpha="0" color="#3b0f70" label="0.1"/>
          <item value="0.25" alpha="150" color="#6a1b9a" label="0.25"/>
          <item value="0.5" alpha="210" color="#d8437b" label="0.5"/>
          <item value="0.75" alpha="235" color="#fb8861" label="0.75"/>
          <item value="1" alpha="255" color="#fcfdbf" label="1"/>
        </colorrampshader>
      </rastershader>
    </rasterrenderer>
    <rasterresampler maxOversampling="2" zoomedOutResampler="bilinear"/>
  </pipe>
</qgis>

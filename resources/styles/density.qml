<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22" styleCategories="Symbology">
  <pipe>
    <rasterrenderer type="singlebandpseudocolor" band="1" alphaBand="-1" opacity="0.7" classificationMin="0" classificationMax="1">
      <rastershader>
        <colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" minimumValue="0" maximumValue="1">
          <item value="0" alpha="255" color="#163770" label="0"/>
          <item value="0.125" alpha="255" color="#3d4a6c" label="0.125"/>
          <item value="0.25" alpha="255" color="#595e6e" label="0.25"/>
          <item value="0.375" alpha="255" color="#727274" label="0.375"/>
          <item value="0.5" alpha="255" color="#8b8778" label="0.5"/>
          <item value="0.625" alpha="255" color="#a69c74" label="0.625"/>
          <item value="0.75" alpha="255" color="#c3b369" label="0.75"/>
          <item value="0.875" alpha="255" color="#e1cc55" label="0.875"/>
          <item value="1" alpha="255" color="#fee838" label="1"/>
        </colorrampshader>
      </rastershader>
    </rasterrenderer>
    <rasterresampler maxOversampling="2" zoomedOutResampler="bilinear"/>
  </pipe>
</qgis>

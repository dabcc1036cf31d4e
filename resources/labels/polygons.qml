<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.28.0" styleCategories="Symbology|Fields|Forms">
 <renderer-v2 type="singleSymbol" symbollevels="0">
  <symbols>
   <symbol type="fill" name="0" alpha="1" clip_to_extent="1">
    <layer class="SimpleFill" enabled="1" locked="0" pass="0">
     <Option type="Map">
      <Option type="QString" name="color" value="204,121,167,80" />
      <Option type="QString" name="style" value="solid" />
      <Option type="QString" name="outline_color" value="204,121,167,255" />
      <Option type="QString" name="outline_style" value="solid" />
      <Option type="QString" name="outline_width" value="0.4" />
      <Option type="QString" name="outline_width_unit" value="MM" />
      <Option type="QString" name="joinstyle" value="round" />
     </Option>
    </layer>
   </symbol>
  </symbols>
 </renderer-v2>
 <fieldConfiguration>
  <field name="note">
   <editWidget type="TextEdit">
    <config>
     <Option type="Map" />
    </config>
   </editWidget>
  </field>
 </fieldConfiguration>
</qgis>

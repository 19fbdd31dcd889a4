-- So many rows pass here that compiling code for them pays, which small drivers do without.
SET spark.sql.codegen.wholeStage=true
;
SET spark.sql.codegen.factoryMode=FALLBACK
;

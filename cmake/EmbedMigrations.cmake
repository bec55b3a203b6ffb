# cmake -DFOLDER=… -DOUTPUT=… -P EmbedMigrations.cmake
#   Writes OUTPUT: embedded_migrations() with the text of every FOLDER/NNNN_name.sql, in order.
file(GLOB files ${FOLDER}/*.sql)
list(SORT files)
set(entries "")
set(expected 0)
foreach(file ${files})
  get_filename_component(stem ${file} NAME_WE)
  if(NOT stem MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "${file}: a migration is named NNNN_name.sql")
  endif()
  set(number ${CMAKE_MATCH_1})
  set(name ${CMAKE_MATCH_2})
  string(REGEX REPLACE "^0+" "" version ${number})
  math(EXPR expected "${expected} + 1")
  if(NOT version EQUAL expected)
    message(FATAL_ERROR "${file}: expected migration number ${expected}")
  endif()
  file(READ ${file} sql)
  string(APPEND entries "      {${version}, \"${name}\", R\"migration(${sql})migration\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Generated from ${FOLDER} by cmake/EmbedMigrations.cmake.
#include \"control/store/postgres/migrations.hpp\"

namespace rap::store {

const std::vector<Migration>& embedded_migrations() {
  static const std::vector<Migration> migrations = {
${entries}  };
  return migrations;
}

}  // namespace rap::store
")

#define RAP_JSON_ONCE template
#include "json_once.hpp"

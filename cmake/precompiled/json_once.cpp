#define RAP_JSON_ONCE template
#define RAP_JSON_TEMPLATE_ONCE template
#include "json_once.hpp"

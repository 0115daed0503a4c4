#define TLM_ISA baseline
#include "shaders_template.h"

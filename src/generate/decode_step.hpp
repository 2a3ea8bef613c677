#include "model/decode_step.hpp"

// DALL-E mini and mega as the registry knows them.
#pragma once

#include "architectures/architecture.hpp"

namespace blip {

extern const ModelFamily kDalleFamily;
/// The same by dalle-mini's model_type.
extern const ModelFamily kDalleBartFamily;

extern const Architecture kDalleModel;

}  // namespace blip

#include "blip/version.hpp"

#define BLIP_TEXT_OF(value) #value
#define BLIP_VERSION_TEXT(major, minor, patch) \
  BLIP_TEXT_OF(major) "." BLIP_TEXT_OF(minor) "." BLIP_TEXT_OF(patch)

namespace blip {

std::string_view version() noexcept {
  return BLIP_VERSION_TEXT(BLIP_VERSION_MAJOR, BLIP_VERSION_MINOR, BLIP_VERSION_PATCH);
}

}  // namespace blip

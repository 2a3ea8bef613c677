// Entity tags: whether a client has what it asks for already.
#pragma once

#include <string_view>

namespace blip::serve {

/// Whether a list of entity tags, as If-None-Match has it, names this one. Weak tags count as well
/// (RFC 9110, 13.1.2).
[[nodiscard]] bool names_entity_tag(std::string_view list, std::string_view tag);

}  // namespace blip::serve

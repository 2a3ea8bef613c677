// ModelId: "org/name@revision", as far as it can be checked without asking the hub.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace blip::hub {

struct ModelId {
  std::string repository;  ///< "org/name", or "name" for the hub's oldest models
  std::string revision;    ///< "main" unless it was named
};

/// Nothing if `text` cannot be one. Repositories are held to huggingface_hub's rules, revisions to
/// git's for the names of branches; neither can then lead out of a directory.
std::optional<ModelId> parse_model_id(std::string_view text);

bool is_revision(std::string_view text);

/// 40 hexadecimal digits: the commit itself, not a name for it.
bool is_commit(std::string_view text);

}  // namespace blip::hub

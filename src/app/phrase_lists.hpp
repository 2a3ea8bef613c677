// PhraseLists: what the interrogator chooses from.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace blip::app {

/// Phrases by what they say of a picture: the roles that the CLIP Interrogator has.
struct PhraseLists {
  std::vector<std::string> artists;    ///< as phrases: "by X", "inspired by X"
  std::vector<std::string> flavors;    ///< anything else that may be added
  std::vector<std::string> mediums;    ///< "an oil painting"
  std::vector<std::string> movements;  ///< "Impressionism"
  std::vector<std::string> trendings;  ///< where it might be found
  std::vector<std::string> negative;   ///< what nobody wants to see
  /// Lists of other names, in the order in which they were added: more flavors.
  std::vector<std::pair<std::string, std::vector<std::string>>> others;

  /// Puts a list in the place of the one of that name. Of artists these are names, of which each
  /// makes two phrases.
  void set(const std::string& name, std::vector<std::string> phrases);
  /// Those of `flavors`, then those of the others.
  [[nodiscard]] std::vector<std::string> all_flavors() const;
};

/// Those that come with the program: mediums, movements, lighting, flavors and negative ones.
PhraseLists bundled_phrases();

}  // namespace blip::app

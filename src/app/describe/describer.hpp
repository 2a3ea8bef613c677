// Describer: pictures in, descriptions, tags and alternative texts out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/captioner.hpp"
#include "app/captions/alt_text.hpp"
#include "app/tagger.hpp"
#include "metadata/picture_text.hpp"

namespace blip::app {

struct DescriberOptions {
  bool description = true;
  bool alt = true;
  std::uint64_t alt_characters = kAltCharacters;
  TagChoice tags = {};  ///< with a Tagger
};

struct Description {
  metadata::PictureText text;
  std::string error;  ///< why there is none, without the picture's name; empty if there is
};

/// Refers to models that must outlive it. All throw blip::Error.
class Describer {
 public:
  /// `tagger`: null for no tags. It reads the pictures again, since its model wants other pixels.
  Describer(const Captioner& captioner, const Tagger* tagger, DescriberOptions options)
      : captioner_(captioner), tagger_(tagger), options_(options) {}

  /// Of each image, prepared for the captioner, whose names are paths. A picture that cannot be
  /// read again has an error, and the others none.
  [[nodiscard]] std::vector<Description> describe(Images images, Context& context) const;

 private:
  void add_tags(Images images, std::vector<Description>& descriptions, Context& context) const;

  const Captioner& captioner_;
  const Tagger* tagger_;
  DescriberOptions options_;
};

}  // namespace blip::app

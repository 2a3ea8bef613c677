// Describer: pictures in, descriptions, tags and alternative texts out.
#pragma once

#include <cstdint>
#include <optional>
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

/// Refers to models that must outlive it. All throw blip::Error.
class Describer {
 public:
  /// `tagger`: null for no tags. It reads the pictures again, since its model wants other pixels.
  Describer(const Captioner& captioner, const Tagger* tagger, DescriberOptions options)
      : captioner_(captioner), tagger_(tagger), options_(options) {}

  /// Of each image, prepared for the captioner, whose names are paths.
  [[nodiscard]] std::vector<metadata::PictureText> describe(Images images, Context& context) const;

 private:
  const Captioner& captioner_;
  const Tagger* tagger_;
  DescriberOptions options_;
};

}  // namespace blip::app

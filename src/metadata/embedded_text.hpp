// What a picture file says in words, in its XMP or else its IPTC, and the file with other words.
#pragma once

#include <string>
#include <string_view>

#include "metadata/container.hpp"
#include "metadata/picture_text.hpp"

namespace blip::metadata {

/// Of XMP; what it does not have, of IPTC. Throws Error, whose messages have no name.
PictureText embedded_text(const Container& container);

/// The bytes of `file` with the words of `text` in its XMP, and in its IPTC if it has any; a
/// description or subjects that only IPTC had are put into the XMP first. `container`: of `file`;
/// one with an obstacle is refused. The samples of the picture are as they were: to be made sure
/// of by whoever can decode it. Throws Error.
std::string with_embedded_text(std::string_view file, const Container& container,
                               const PictureText& text, const MergeOptions& options);

}  // namespace blip::metadata

// IPTC-IIM records: the caption and the keywords of older programs.
#pragma once

#include <string>

#include "metadata/exiv2_session.hpp"
#include "metadata/picture_text.hpp"

namespace blip::metadata {

// All are to be called within with_exiv2.

/// Whether Exiv2 reads all of it: it drops what it cannot read when the file is written.
bool is_readable_iptc(const std::string& records);

/// Description and subjects, in UTF-8.
PictureText text_of_iptc(const Exiv2::IptcData& data);

/// Puts description and subjects into records that are there; others stay. IPTC has room for 2,000
/// bytes of a caption and 64 of a keyword: what is longer is cut. What the records' encoding cannot
/// say becomes '?'. What is appended stands behind the bytes that are there.
void merge_into_iptc(Exiv2::IptcData& data, const PictureText& text, const MergeOptions& options);

}  // namespace blip::metadata

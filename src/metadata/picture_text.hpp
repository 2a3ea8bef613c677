// What a picture file or its sidecar says in words, and how more is put to it.
#pragma once

#include <string>
#include <vector>

namespace blip::metadata {

struct PictureText {
  std::string description = {};            ///< dc:description; IPTC: caption
  std::vector<std::string> subjects = {};  ///< dc:subject; IPTC: keywords
  std::string alt = {};                    ///< Iptc4xmpCore:AltTextAccessibility

  bool operator==(const PictureText&) const = default;
};

/// Gives `text` the fields of `from` that it lacks.
void fill(PictureText& text, const PictureText& from);

/// What becomes of text that is there already. A field without text is always written.
enum class Existing {
  keep,     ///< a field that has text in any language stays as it is
  append,   ///< behind what is there, unless it is in it already
  replace,  ///< in all languages
};

struct MergeOptions {
  Existing existing = Existing::keep;
  /// RFC 5646, of the texts, which are written as x-default, too; empty: as x-default alone.
  std::string language = "en";
  std::string separator = ", ";  ///< between a text that is there and the one that is appended
};

/// Two texts as Existing::append joins them.
std::string appended(const std::string& there, const std::string& text,
                     const std::string& separator);

/// Adds those subjects that are not among `there`, whatever their case in ASCII.
void append_subjects(std::vector<std::string>& there, const std::vector<std::string>& subjects);

/// Whether `text` changes anything where `there` is said already.
bool changes(const PictureText& there, const PictureText& text, Existing existing);

}  // namespace blip::metadata

// The start tags of an HTML page with the places of their attributes, by the rules of the HTML
// standard's tokenizer (section 13.2.5).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blip::app {

struct HtmlAttribute {
  std::string name;       ///< in lower case
  std::size_t begin = 0;  ///< of its name, in the page
  std::size_t end = 0;    ///< behind its value, quotes included
  std::string_view raw;   ///< the value as it stands there
};

struct HtmlTag {
  std::string name;          ///< in lower case
  std::size_t begin = 0;     ///< of its '<'
  std::size_t name_end = 0;  ///< behind its name
  std::size_t end = 0;       ///< behind its '>'
  std::vector<HtmlAttribute> attributes;
  bool closes_itself = false;

  /// The first attribute of this name; null if there is none.
  [[nodiscard]] const HtmlAttribute* find(std::string_view name) const;
  /// Its value, character references replaced.
  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
};

/// The tag whose '<' stands at `at`, before a letter. Nothing if the page ends within it.
std::optional<HtmlTag> html_tag_at(std::string_view page, std::size_t at);

/// Every start tag in order, but for what is no markup: comments, scripts, styles, text fields.
void for_each_html_tag(std::string_view page, const std::function<void(const HtmlTag&)>& visit);

/// &amp; &lt; &gt; &quot; &apos; &nbsp; and references by number; others stay as they are.
std::string without_references(std::string_view text);

}  // namespace blip::app

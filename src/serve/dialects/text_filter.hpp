// TextFilter and FilteredText: a text that is passed on as it is written, without the opening that
// nobody wants and up to a stop text of the client.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace blip::serve {

/// `caption` without "a picture of", "there is" and their kind at its beginning, if anything stays.
std::string without_opening(std::string_view caption);

/// `text` up to the first of the stop texts in it.
std::string_view up_to_stop(std::string_view text, const std::vector<std::string>& stops);

struct TextFilter {
  bool strip_opening = false;
  std::vector<std::string> stops = {};

  [[nodiscard]] std::string apply(std::string_view text) const;
};

/// Holds back what may still be left out: the beginning while it may be an opening, the end while
/// it may be the beginning of a stop text.
class FilteredText {
 public:
  explicit FilteredText(TextFilter filter) : filter_(std::move(filter)) {}

  /// What may be passed on now that `piece` is known.
  std::string add(std::string_view piece);
  /// The rest of `whole`, which is filtered already, behind what was passed on.
  [[nodiscard]] std::string rest_of(std::string_view whole) const;

 private:
  TextFilter filter_;
  std::string written_;  // by the model
  std::string passed_;   // on to the client
};

}  // namespace blip::serve

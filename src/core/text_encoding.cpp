#include "core/text_encoding.hpp"

#include "blip/error.hpp"

namespace blip {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kLittleUtf16Mark = "\xFF\xFE";
constexpr std::string_view kBigUtf16Mark = "\xFE\xFF";

}  // namespace

std::size_t utf8_mark_length(std::string_view text) noexcept {
  return text.starts_with(kUtf8Mark) ? kUtf8Mark.size() : 0;
}

bool may_become_mark(std::string_view text) noexcept {
  for (const std::string_view mark : {kUtf8Mark, kLittleUtf16Mark, kBigUtf16Mark}) {
    if (text.size() < mark.size() && mark.starts_with(text)) return true;
  }
  return false;
}

void refuse_utf16(std::string_view text, const std::string& name) {
  if (!text.starts_with(kLittleUtf16Mark) && !text.starts_with(kBigUtf16Mark)) return;
  throw Error(ErrorCode::unsupported,
              name +
                  ": is UTF-16 text, which has to be UTF-8; convert it with: iconv -f UTF-16 "
                  "-t UTF-8");
}

void drop_byte_order_mark(std::string& text, const std::string& name) {
  refuse_utf16(text, name);
  text.erase(0, utf8_mark_length(text));
}

}  // namespace blip

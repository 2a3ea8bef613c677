#include "image/text_mask.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>

#include "blip/error.hpp"
#include "image/vips_session.hpp"

namespace blip::image {
namespace {

struct FreeText {
  void operator()(gchar* text) const { g_free(text); }
};
using OwnedText = std::unique_ptr<gchar, FreeText>;

// Pango reads markup, and refuses what is not UTF-8.
OwnedText as_markup(const std::string& text) {
  OwnedText valid(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  if (g_utf8_strlen(valid.get(), -1) > kMostLetters) {
    *g_utf8_offset_to_pointer(valid.get(), kMostLetters) = '\0';
  }
  for (gchar* c = valid.get(); *c != '\0'; ++c) {
    if (g_ascii_iscntrl(*c) != FALSE) *c = ' ';
  }
  return OwnedText(g_markup_escape_text(valid.get(), -1));
}

}  // namespace

TextMask text_mask(const std::string& text, int points, bool bold, int width) {
  constexpr int kDotsPerInch = 96;
  const OwnedText markup = as_markup(text);
  if (std::string(markup.get()).find_first_not_of(' ') == std::string::npos) return {};
  const VipsSession session;
  const std::string font = (bold ? "sans bold " : "sans ") + std::to_string(points);
  VipsImage* drawn = nullptr;
  if (vips_text(&drawn, markup.get(), "font", font.c_str(), "dpi", kDotsPerInch, "width", width,
                nullptr) != 0) {
    vips_error_clear();
    throw Error(ErrorCode::unsupported, "libvips cannot draw text: it was built without Pango");
  }
  const VipsImagePtr image(drawn);
  std::size_t size = 0;
  void* pixels = vips_image_write_to_memory(image.get(), &size);
  if (pixels == nullptr) {
    vips_error_clear();
    throw Error(ErrorCode::unsupported, "libvips cannot draw text");
  }
  const OwnedText owned(static_cast<gchar*>(pixels));
  const auto* first = static_cast<const std::uint8_t*>(pixels);
  return {.width = vips_image_get_width(image.get()),
          .height = vips_image_get_height(image.get()),
          .top = std::max(0, vips_image_get_yoffset(image.get())),
          .coverage = {first, first + size}};
}

}  // namespace blip::image

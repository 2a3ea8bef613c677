#include "app/explain/explanation_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "image/heat_map.hpp"
#include "image/text_mask.hpp"

namespace blip::app {
namespace {

constexpr int kColumns = 4;
constexpr int kMargin = 12;       // around every tile, in pixels
constexpr int kLabelHeight = 26;  // below a tile
constexpr int kLabelGap = 3;      // between a tile and its label
constexpr int kTitleGap = 10;     // below the title
constexpr int kLabelPoints = 12;
constexpr int kTitlePoints = 15;

// Dark letters on white.
class Canvas {
 public:
  Canvas(int width, int height)
      : width_(width),
        height_(height),
        rgb_(std::size_t{3} * static_cast<std::size_t>(width) * static_cast<std::size_t>(height),
             std::uint8_t{255}) {}

  // What does not fit is cut off.
  void paste(const Image& image, int left, int top) {
    for (int y = 0; y < image.height() && top + y < height_; ++y) {
      const int count = std::min(image.width(), width_ - left);
      std::copy_n(image.pixels().data() + 3 * offset(0, y, image.width()), 3 * std::max(count, 0),
                  rgb_.begin() + static_cast<std::ptrdiff_t>(3 * offset(left, top + y, width_)));
    }
  }

  // Lines that begin at `top`; `room` pixels are what there is for it.
  void write(const image::TextMask& text, int left, int top, int room) {
    top += text.top;
    for (int y = 0; y < text.height && top + y < height_; ++y) {
      for (int x = 0; x < std::min(text.width, room) && left + x < width_; ++x) {
        const int ink = 255 - kInk;
        const int covered = text.coverage[offset(x, y, text.width)] * ink / 255;
        std::fill_n(
            rgb_.begin() + static_cast<std::ptrdiff_t>(3 * offset(left + x, top + y, width_)), 3,
            static_cast<std::uint8_t>(255 - covered));
      }
    }
  }

  Image finish() && { return {width_, height_, std::move(rgb_)}; }

 private:
  static constexpr int kInk = 32;

  static std::size_t offset(int x, int y, int width) {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(x);
  }

  int width_;
  int height_;
  std::vector<std::uint8_t> rgb_;
};

// The photo as large as a tile may be.
Image tile_of(const Image& photo) {
  const double scale = static_cast<double>(kTileSide) / std::max(photo.width(), photo.height());
  const auto side = [scale](int pixels) {
    return std::max(1, static_cast<int>(std::lround(pixels * scale)));
  };
  return photo.resized(side(photo.width()), side(photo.height()));
}

struct Tile {
  Image picture;
  std::string label;
};

std::vector<Tile> tiles_of(const Image& photo, const Explanation& explanation) {
  const Image small = tile_of(photo);
  const auto rows = static_cast<int>(explanation.mean.shape[0]);
  const auto columns = static_cast<int>(explanation.mean.shape[1]);
  const std::span<const float> maps = explanation.maps.values();
  const std::size_t patches = explanation.mean.data.size();
  std::vector<Tile> tiles = {
      {small, "photo"},
      {image::heat_map_over(small, explanation.mean.values(), rows, columns), "all words"}};
  const float strongest = maps.empty() ? 0.0F : *std::max_element(maps.begin(), maps.end());
  const std::size_t words = std::min(explanation.words.size(), kMostWords);
  for (std::size_t word = 0; word < words; ++word) {
    const auto map = maps.subspan(word * patches, patches);
    const float own = *std::max_element(map.begin(), map.end());
    const float part = strongest > 0 ? 100 * own / strongest : 0.0F;
    tiles.push_back({image::heat_map_over(small, map, rows, columns),
                     fmt::format("{}  {:.0f} %", explanation.words[word], part)});
  }
  return tiles;
}

}  // namespace

Image explanation_picture(const Image& photo, const Explanation& explanation) {
  const std::vector<Tile> tiles = tiles_of(photo, explanation);
  const int tile_width = tiles.front().picture.width();
  const int step_x = std::max(tile_width, kTileSide / 2) + kMargin;
  const int step_y = tiles.front().picture.height() + kLabelHeight + kMargin;
  const int lines = (static_cast<int>(tiles.size()) + kColumns - 1) / kColumns;
  const int across = std::min(kColumns, static_cast<int>(tiles.size()));
  const image::TextMask title =
      image::text_mask(explanation.text, kTitlePoints, /*bold=*/true, across * step_x - kMargin);
  const int first_line = kMargin + title.top + title.height + kTitleGap;
  Canvas canvas(kMargin + across * step_x, first_line + lines * step_y);
  canvas.write(title, kMargin, kMargin, across * step_x - kMargin);
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const int left = kMargin + static_cast<int>(i) % kColumns * step_x;
    const int top = first_line + static_cast<int>(i) / kColumns * step_y;
    canvas.paste(tiles[i].picture, left, top);
    canvas.write(image::text_mask(tiles[i].label, kLabelPoints, /*bold=*/false), left,
                 top + tiles[i].picture.height() + kLabelGap, step_x - kMargin);
  }
  return std::move(canvas).finish();
}

}  // namespace blip::app

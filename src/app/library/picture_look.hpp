// How a picture looks, in a kilobyte: enough to tell whether another is the same one, cropped or
// turned.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "blip/image.hpp"

namespace blip::app {

inline constexpr int kLookSide = 32;
/// Of an index's `looks`.
inline constexpr std::size_t kLookBytes = std::size_t{kLookSide} * kLookSide;

/// The picture in grey at 32 x 32 pixels, by means over boxes: [kLookBytes], row by row.
std::vector<std::uint8_t> picture_look(const Image& image);

/// Ways to hold a picture: the turns by 0, 90, 180 and 270 degrees, and the same of its mirror
/// image.
inline constexpr int kOrientations = 8;

/// A look made ready for comparing: means over any part of it are cheap.
class ComparableLook {
 public:
  /// look: [kLookBytes]
  explicit ComparableLook(std::span<const std::uint8_t> look);

  /// Whether it has so little to see that nothing can be told by it: a clear sky.
  [[nodiscard]] bool is_plain() const noexcept { return deviation_ < kLeastDeviation; }

  /// dHash of the picture held in each way: 9 x 8 means, one bit for each and its right neighbour.
  [[nodiscard]] std::array<std::uint64_t, kOrientations> hashes() const;

  /// How well the two are the same picture, one of them perhaps turned, mirrored or cropped to no
  /// less than 7/10 of a side, brighter or of more contrast: the correlation of their grey values
  /// where they fit best, up to 1. 0 where a rough comparison says no already.
  [[nodiscard]] float likeness(const ComparableLook& other) const;

 private:
  // Of greys; a picture has 30 to 80.
  static constexpr double kLeastDeviation = 6.0;
  static constexpr int kEdges = kLookSide + 1;

  // A part of the picture, in pixels of the look.
  struct Part {
    double x = 0.0;
    double y = 0.0;
    double width = kLookSide;
    double height = kLookSide;
  };
  // Cells of a comparison.
  static constexpr int kCells = 16;
  using Cells = std::array<float, kCells * kCells>;

  [[nodiscard]] double sum_to(double x, double y) const;
  [[nodiscard]] double mean(double x, double y, double width, double height) const;
  // Means over the cells of a part, of mean 0 and length 1.
  [[nodiscard]] Cells cells(const Part& part) const;
  // The cells of the whole, held in a way.
  [[nodiscard]] Cells turned_cells(int orientation) const;
  // The best correlation of `target` with a part of this, from `start` on.
  [[nodiscard]] float best_part(const Cells& target) const;

  std::array<double, std::size_t{kEdges} * kEdges> sums_{};  // over all pixels above and left
  double deviation_ = 0.0;
};

}  // namespace blip::app

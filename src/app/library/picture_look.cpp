#include "app/library/picture_look.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace blip::app {
namespace {

constexpr double kSide = kLookSide;
// A side of a crop, at least.
constexpr double kLeastSide = 0.7 * kSide;

// Where pixel (x, y) of a square of `side` comes from when it is held in a way.
std::pair<int, int> source_of(int x, int y, int side, int orientation) {
  if (orientation >= 4) x = side - 1 - x;
  for (int turn = 0; turn < orientation % 4; ++turn) {
    const int before = x;
    x = y;
    y = side - 1 - before;
  }
  return {x, y};
}

template <std::size_t size>
float correlation(const std::array<float, size>& a, const std::array<float, size>& b) {
  float sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

std::vector<std::uint8_t> picture_look(const Image& image) {
  const Image small = image.resized(kLookSide, kLookSide, Resample::box);
  std::vector<std::uint8_t> look(kLookBytes);
  for (std::size_t i = 0; i < look.size(); ++i) {  // ITU-R 601, in thousandths
    const auto rgb = small.pixels().subspan(3 * i, 3);
    look[i] = static_cast<std::uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
  }
  return look;
}

ComparableLook::ComparableLook(std::span<const std::uint8_t> look) {
  double squares = 0;
  for (int y = 0; y < kLookSide; ++y) {
    double row = 0;
    for (int x = 0; x < kLookSide; ++x) {
      const double grey = look[static_cast<std::size_t>(y * kLookSide + x)];
      row += grey;
      squares += grey * grey;
      sums_[static_cast<std::size_t>((y + 1) * kEdges + x + 1)] =
          sums_[static_cast<std::size_t>(y * kEdges + x + 1)] + row;
    }
  }
  const double mean = sums_.back() / (kSide * kSide);
  deviation_ = std::sqrt(std::max(0.0, squares / (kSide * kSide) - mean * mean));
}

// Over all that is above and left of a point between pixels.
double ComparableLook::sum_to(double x, double y) const {
  const int left = std::min(static_cast<int>(x), kLookSide - 1);
  const int top = std::min(static_cast<int>(y), kLookSide - 1);
  const double right_share = x - left;
  const double bottom_share = y - top;
  const auto at = [&](int column, int row) {
    return sums_[static_cast<std::size_t>(row * kEdges + column)];
  };
  const double upper = at(left, top) + right_share * (at(left + 1, top) - at(left, top));
  const double lower =
      at(left, top + 1) + right_share * (at(left + 1, top + 1) - at(left, top + 1));
  return upper + bottom_share * (lower - upper);
}

double ComparableLook::mean(double x, double y, double width, double height) const {
  return (sum_to(x + width, y + height) - sum_to(x, y + height) - sum_to(x + width, y) +
          sum_to(x, y)) /
         (width * height);
}

ComparableLook::Cells ComparableLook::cells(const Part& part) const {
  const double width = part.width / kCells;
  const double height = part.height / kCells;
  std::array<double, std::size_t{kCells + 1} * (kCells + 1)> corners;
  for (int row = 0; row <= kCells; ++row) {
    for (int column = 0; column <= kCells; ++column) {
      corners[static_cast<std::size_t>(row * (kCells + 1) + column)] =
          sum_to(std::min(kSide, part.x + column * width), std::min(kSide, part.y + row * height));
    }
  }
  Cells cells;
  double total = 0;
  for (int row = 0; row < kCells; ++row) {
    for (int column = 0; column < kCells; ++column) {
      const auto corner = static_cast<std::size_t>(row * (kCells + 1) + column);
      const double sum = corners[corner + kCells + 2] - corners[corner + 1] -
                         corners[corner + kCells + 1] + corners[corner];
      cells[static_cast<std::size_t>(row * kCells + column)] = static_cast<float>(sum);
      total += sum;
    }
  }
  const auto mean = static_cast<float>(total / (kCells * kCells));
  float squares = 0;
  for (float& cell : cells) {
    cell -= mean;
    squares += cell * cell;
  }
  const float length = std::sqrt(squares);
  for (float& cell : cells) cell = length > 0 ? cell / length : 0;
  return cells;
}

ComparableLook::Cells ComparableLook::turned_cells(int orientation) const {
  const Cells upright = cells({});
  Cells turned;
  for (int y = 0; y < kCells; ++y) {
    for (int x = 0; x < kCells; ++x) {
      const auto [from_x, from_y] = source_of(x, y, kCells, orientation);
      turned[static_cast<std::size_t>(y * kCells + x)] =
          upright[static_cast<std::size_t>(from_y * kCells + from_x)];
    }
  }
  return turned;
}

std::array<std::uint64_t, kOrientations> ComparableLook::hashes() const {
  // A finer grid than 9 x 8, whose pixels lie the same way however it is held: 72 / 8 and 72 / 9.
  constexpr int kColumns = 9;
  constexpr int kRows = 8;
  std::array<std::uint64_t, kOrientations> hashes{};
  for (int orientation = 0; orientation < kOrientations; ++orientation) {
    const auto grey = [&](int column, int row) {
      // The corners of the cell, where they come from.
      const bool mirrored = orientation >= 4;
      double x0 = kSide * column / kColumns;
      double x1 = kSide * (column + 1) / kColumns;
      double y0 = kSide * row / kRows;
      double y1 = kSide * (row + 1) / kRows;
      if (mirrored) {
        const double before = x0;
        x0 = kSide - x1;
        x1 = kSide - before;
      }
      for (int turn = 0; turn < orientation % 4; ++turn) {
        const double left = x0;
        const double right = x1;
        x0 = y0;
        x1 = y1;
        y0 = kSide - right;
        y1 = kSide - left;
      }
      return mean(x0, y0, x1 - x0, y1 - y0);
    };
    for (int row = 0; row < kRows; ++row) {
      for (int column = 0; column + 1 < kColumns; ++column) {
        const bool is_brighter = grey(column + 1, row) > grey(column, row);
        hashes[static_cast<std::size_t>(orientation)] =
            hashes[static_cast<std::size_t>(orientation)] << 1 |
            static_cast<std::uint64_t>(is_brighter);
      }
    }
  }
  return hashes;
}

float ComparableLook::best_part(const Cells& target) const {
  Part best;
  float score = correlation(target, cells(best));
  const auto try_part = [&](Part part) {
    part.width = std::clamp(part.width, kLeastSide, kSide);
    part.height = std::clamp(part.height, kLeastSide, kSide);
    part.x = std::clamp(part.x, 0.0, kSide - part.width);
    part.y = std::clamp(part.y, 0.0, kSide - part.height);
    const float value = correlation(target, cells(part));
    if (value <= score) return false;
    score = value;
    best = part;
    return true;
  };
  // Crops of two sizes, of the middle and towards the corners and sides, to begin with.
  for (const double side : {0.88 * kSide, 0.76 * kSide}) {
    const double room = kSide - side;
    for (const double x : {0.0, room / 2, room}) {
      for (const double y : {0.0, room / 2, room}) {
        try_part({.x = x, .y = y, .width = side, .height = side});
      }
    }
  }
  // Of what has nothing in common, no edge needs to be moved.
  constexpr float kLeastCommon = 0.6F;
  if (score < kLeastCommon) return 0.0F;
  for (double step = 2.0; step >= 0.25; step /= 2) {
    for (int round = 0; round < 4; ++round) {
      bool better = false;
      for (const double move : {-step, step}) {
        const Part from = best;
        better |= try_part({from.x + move, from.y, from.width - move, from.height});  // left edge
        better |= try_part({best.x, best.y, best.width + move, best.height});         // right
        better |= try_part({best.x, best.y + move, best.width, best.height - move});  // upper
        better |= try_part({best.x, best.y, best.width, best.height + move});         // lower
        better |= try_part({best.x + move, best.y, best.width, best.height});
        better |= try_part({best.x, best.y + move, best.width, best.height});
      }
      if (!better) break;
    }
  }
  return score;
}

float ComparableLook::likeness(const ComparableLook& other) const {
  if (is_plain() || other.is_plain()) return 0.0F;
  const Cells whole = cells({});
  // Upright, and the way that fits best of the others.
  std::array<float, kOrientations> rough{};
  for (int way = 0; way < kOrientations; ++way) {
    rough[static_cast<std::size_t>(way)] = correlation(whole, other.turned_cells(way));
  }
  const auto turned =
      static_cast<int>(std::max_element(rough.begin() + 1, rough.end()) - rough.begin());
  float best = std::max(best_part(other.cells({})), other.best_part(whole));
  // Crops of turned pictures are not looked for where the whole ones have little in common.
  constexpr float kLeastTurned = 0.7F;
  const float other_way = rough[static_cast<std::size_t>(turned)];
  if (other_way >= kLeastTurned) {
    best = std::max({best, other_way, best_part(other.turned_cells(turned))});
  }
  return best;
}

}  // namespace blip::app

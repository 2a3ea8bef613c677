// A matrix out of a NumPy file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace blip::eval {

/// The largest matrix that is read: twice COCO's 5,000 images with 25,010 texts, in float64.
inline constexpr std::size_t kMaxNpyBytes = std::size_t{2} << 30;

struct NpyMatrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<float> values;  ///< row by row, whatever the file's order
};

/// What numpy.save writes of an array of two dimensions of little-endian float32 or float64 (which
/// is rounded to float32), in either order; versions 1 to 3 of the format. The header is read as
/// the one dictionary that it may be and never evaluated. Throws malformed or unsupported, naming
/// the file.
NpyMatrix parse_npy_matrix(std::string_view bytes, const std::string& name);

}  // namespace blip::eval

// The inner product by which a search ranks: one definition, whatever the rows are kept in.
#pragma once

#include <cstddef>

namespace blip::search {

/// a, b: [size]. The order of the sum is fixed.
[[nodiscard]] float inner_product(const float* a, const float* b, std::size_t size);

}  // namespace blip::search

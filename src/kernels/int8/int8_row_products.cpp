#include "kernels/int8/int8_row_products.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/int8/int8_row_products.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h, as Highway requires.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace blip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Widened to 16 bits, two neighbours multiplied and added into 32: one instruction on x86.
void int8_row_products_target(const std::int16_t* HWY_RESTRICT query,
                              const std::int8_t* HWY_RESTRICT codes, std::size_t rows,
                              std::size_t size, std::int32_t* HWY_RESTRICT products) {
#if HWY_TARGET == HWY_SCALAR  // has no pairs
  for (std::size_t row = 0; row < rows; ++row) {
    products[row] = 0;
    for (std::size_t i = 0; i < size; ++i) products[row] += query[i] * codes[row * size + i];
  }
#else
  const hn::ScalableTag<std::int32_t> d32;
  const hn::Repartition<std::int16_t, decltype(d32)> d16;
  const hn::Rebind<std::int8_t, decltype(d16)> d8;
  const std::size_t lanes = hn::Lanes(d16);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::int8_t* HWY_RESTRICT code = codes + row * size;
    auto sum0 = hn::Zero(d32);
    auto sum1 = hn::Zero(d32);
    for (std::size_t i = 0; i < size; i += lanes) {
      const auto wide = hn::PromoteTo(d16, hn::LoadU(d8, code + i));
      sum0 = hn::ReorderWidenMulAccumulate(d32, wide, hn::LoadU(d16, query + i), sum0, sum1);
    }
    products[row] = hn::GetLane(hn::SumOfLanes(d32, hn::Add(sum0, sum1)));
  }
#endif
}

}  // namespace blip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blip {
namespace {
HWY_EXPORT(int8_row_products_target);
}  // namespace

void int8_row_products(const std::int16_t* query, const std::int8_t* codes, std::size_t rows,
                       std::size_t size, std::int32_t* products) {
  HWY_DYNAMIC_DISPATCH(int8_row_products_target)(query, codes, rows, size, products);
}

}  // namespace blip
#endif  // HWY_ONCE

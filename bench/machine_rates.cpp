#include "machine_rates.hpp"

#include <dnnl.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include "core/thread_pool.hpp"
#include "kernels/float/gemm.hpp"

namespace blip::bench {
namespace {

constexpr std::int64_t kM = 2304;
constexpr std::int64_t kN = 3072;
constexpr std::int64_t kK = 768;
constexpr double kOperations = 2.0 * kM * kN * kK;

// Calls multiply(first, count) on every thread, for its share of the outputs → the seconds it took.
template <typename Multiply>
double seconds_of_shares(Context& context, const Multiply& multiply) {
  const auto threads = static_cast<std::int64_t>(context.num_threads());
  return seconds([&] {
    context.threads().parallel_for(static_cast<std::size_t>(threads), [&](std::size_t i, int) {
      const std::int64_t first = kN * static_cast<std::int64_t>(i) / threads;
      multiply(first, kN * (static_cast<std::int64_t>(i) + 1) / threads - first);
    });
  });
}

// 512 MiB
constexpr std::size_t kReadCount = std::size_t{64} << 20;

}  // namespace

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

MatrixProduct::MatrixProduct(Context& context)
    : context_(context), a_(kM * kK, 0.5F), b_(kN * kK, 0.25F), out_(kM * kN) {}

double MatrixProduct::flops_per_second() {
  return kOperations / seconds_of_shares(context_, [&](std::int64_t first, std::int64_t count) {
           multiply_transposed({a_.data(), kK}, {b_.data() + first * kK, kK}, out_.data() + first,
                               kN, kM, count, kK);
         });
}

ByteProduct::ByteProduct(Context& context)
    : context_(context), a_(kM * kK, 3), b_(kN * kK, -2), out_(kM * kN) {}

double ByteProduct::operations_per_second() {
  return kOperations / seconds_of_shares(context_, [&](std::int64_t first, std::int64_t count) {
           const std::int32_t offset = 0;
           // [K, N], which oneDNN is faster with than with [N, K].
           if (dnnl_gemm_u8s8s32('N', 'N', 'F', kM, count, kK, 1.0F, a_.data(), kK, 0,
                                 b_.data() + first, kN, 0, 0.0F, out_.data() + first, kN,
                                 &offset) != dnnl_success) {
             throw std::runtime_error("oneDNN refused a product of bytes");
           }
         });
}

MemoryRead::MemoryRead(Context& context) : context_(context), data_(kReadCount, 1) {}

double MemoryRead::bytes_per_second() {
  constexpr std::size_t kParts = 64;
  std::vector<std::uint64_t> sums(kParts);
  const double time = seconds([&] {
    context_.threads().parallel_for(kParts, [&](std::size_t part, int) {
      std::uint64_t sum = 0;
      const std::uint64_t* first = data_.data() + part * (kReadCount / kParts);
      for (std::size_t i = 0; i < kReadCount / kParts; ++i) sum += first[i];
      sums[part] = sum;
    });
  });
  for (const std::uint64_t sum : sums) {
    if (sum != kReadCount / kParts) std::abort();  // also keeps the sums from being optimised away
  }
  return static_cast<double>(kReadCount * sizeof(std::uint64_t)) / time;
}

}  // namespace blip::bench

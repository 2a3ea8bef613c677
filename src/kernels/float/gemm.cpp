#include "kernels/float/gemm.hpp"

#include <dnnl.h>

#include <array>
#include <string>

#include "blip/error.hpp"
#include "core/memory_headroom.hpp"

namespace blip {
namespace {

void sgemm(char transpose_a, char transpose_b, ConstMatrix a, ConstMatrix b, float* out,
           std::int64_t out_stride, std::int64_t m, std::int64_t n, std::int64_t k) {
  // The first time, oneDNN writes its programs.
  [[maybe_unused]] static const bool kMayWrite = (require_headroom(), true);
  const dnnl_status_t status = dnnl_sgemm(transpose_a, transpose_b, m, n, k, 1.0F, a.data, a.stride,
                                          b.data, b.stride, 0.0F, out, out_stride);
  if (status == dnnl_out_of_memory) {
    throw Error(ErrorCode::limit_exceeded, "out of memory in a matrix product");
  }
  if (status != dnnl_success) {
    throw Error(ErrorCode::unsupported, "oneDNN refused a matrix product (status " +
                                            std::to_string(static_cast<int>(status)) + ")");
  }
}

}  // namespace

void multiply_transposed(ConstMatrix a, ConstMatrix b, float* out, std::int64_t out_stride,
                         std::int64_t m, std::int64_t n, std::int64_t k) {
  sgemm('N', 'T', a, b, out, out_stride, m, n, k);
}

void multiply(ConstMatrix a, ConstMatrix b, float* out, std::int64_t out_stride, std::int64_t m,
              std::int64_t n, std::int64_t k) {
  sgemm('N', 'N', a, b, out, out_stride, m, n, k);
}

void multiply_transposing_first(ConstMatrix a, ConstMatrix b, float* out, std::int64_t out_stride,
                                std::int64_t m, std::int64_t n, std::int64_t k) {
  sgemm('T', 'N', a, b, out, out_stride, m, n, k);
}

void limit_gemm_instructions(GemmInstructions most) {
  constexpr std::array kIsas = {dnnl_cpu_isa_sse41, dnnl_cpu_isa_avx2, dnnl_cpu_isa_avx512_core,
                                dnnl_cpu_isa_avx512_core_vnni, dnnl_cpu_isa_avx512_core_amx};
  // Refused once something has been computed: too late, and harmless.
  dnnl_set_max_cpu_isa(kIsas[static_cast<std::size_t>(most)]);
}

}  // namespace blip

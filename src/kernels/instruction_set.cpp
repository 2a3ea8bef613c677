#include "kernels/instruction_set.hpp"

#include <hwy/targets.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "kernels/float/gemm.hpp"
#include "kernels/x86_extensions.hpp"

namespace blip {

#if defined(__x86_64__)

namespace {

struct InstructionSet {
  std::string_view name;
  std::int64_t target;  // Highway's, of which lower numbers are better
  X86Extension extension;
  GemmInstructions gemm;
};

constexpr std::array kInstructionSets = {
    InstructionSet{"sse4", HWY_SSE4, X86Extension::none, GemmInstructions::sse4},
    InstructionSet{"avx2", HWY_AVX2, X86Extension::none, GemmInstructions::avx2},
    InstructionSet{"avx512", HWY_AVX3, X86Extension::none, GemmInstructions::avx512},
    InstructionSet{"vnni", HWY_AVX3, X86Extension::avx512_vnni, GemmInstructions::vnni},
    InstructionSet{"amx", HWY_AVX3, X86Extension::amx, GemmInstructions::amx},
};

}  // namespace

std::vector<std::string_view> instruction_set_names() {
  std::vector<std::string_view> names;
  names.reserve(kInstructionSets.size());
  for (const InstructionSet& set : kInstructionSets) names.push_back(set.name);
  return names;
}

bool limit_instruction_set(std::string_view name) {
  const auto* set = std::find_if(kInstructionSets.begin(), kInstructionSets.end(),
                                 [&](const InstructionSet& each) { return each.name == name; });
  if (set == kInstructionSets.end()) return false;
  const std::int64_t supported = hwy::SupportedTargets();
  if ((supported & set->target) == 0 || best_x86_extension() < set->extension) return false;
  // Only the targets that are no better. Beyond AVX-512 proper, Highway's are for kernels it has
  // no better ones for than ours of X86Extension.
  hwy::SetSupportedTargetsForTest(supported & ~(set->target - 1));
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  limit_x86_extension(set->extension);
  limit_gemm_instructions(set->gemm);
  return true;
}

std::string_view instruction_set_in_use() {
  std::string_view best;
  for (const InstructionSet& set : kInstructionSets) {
    const bool has = (hwy::SupportedTargets() & set.target) != 0;
    if (has && best_x86_extension() >= set.extension) best = set.name;
  }
  return best;
}

#else

std::vector<std::string_view> instruction_set_names() {
  return {"neon"};
}

bool limit_instruction_set(std::string_view name) {
  return name == "neon";
}

std::string_view instruction_set_in_use() {
  return "neon";
}

#endif

}  // namespace blip

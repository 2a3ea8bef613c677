// A switch that keeps the kernels from instruction sets they would use.
#pragma once

#include <string_view>
#include <vector>

namespace blip {

/// The names the switch takes on this kind of processor, the least first: each stands for all
/// before it, too. Whether the machine has it, is another matter.
[[nodiscard]] std::vector<std::string_view> instruction_set_names();

/// From now on the kernels of the whole process use nothing beyond `name`, which is one of the
/// above; false if this machine has less, and nothing changes. To be called before anything is
/// computed: to compare the paths, and to find out whether one of them is to blame.
[[nodiscard]] bool limit_instruction_set(std::string_view name);

/// The best of these names that the kernels use now: the machine's, or the limit.
[[nodiscard]] std::string_view instruction_set_in_use();

}  // namespace blip

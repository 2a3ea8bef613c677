#include "text/merge_table.hpp"

#include <bit>

#include "blip/error.hpp"

namespace blip {

MergeTable::MergeTable(const std::vector<Merge>& merges, const std::string& name) {
  // As in Vocabulary: an honest table's longest run of taken slots has a few dozen.
  constexpr std::size_t kMaxProbes = 4096;
  slots_.resize(std::bit_ceil(2 * merges.size() + 1));
  mask_ = slots_.size() - 1;
  std::int32_t rank = 0;
  for (const Merge& merge : merges) {
    std::size_t slot = home_of(merge.left, merge.right);
    std::size_t probes = 0;
    while (slots_[slot].left != kFree &&
           (slots_[slot].left != merge.left || slots_[slot].right != merge.right)) {
      slot = (slot + 1) & mask_;
      if (++probes > kMaxProbes) {
        throw Error(ErrorCode::limit_exceeded,
                    name + ": merges chosen to collide in the hash table");
      }
    }
    slots_[slot] = {merge.left, merge.right, {rank++, merge.merged}};
  }
}

}  // namespace blip

// Which label of a classifier a data set means by the name of a class.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace blip::eval {

/// Names are compared without regard to case, "_" as a space. Of a label that is a list, as
/// ImageNet's "tench, Tinca tinca", each name stands for it, if it is in no other label. A whole
/// number that is no label's name is a label's place in the list, from 0.
class ClassLabels {
 public:
  explicit ClassLabels(std::span<const std::string> labels);

  /// For each class of a data set its label. Throws invalid_argument, naming the classes that are
  /// no label of these or several.
  [[nodiscard]] std::vector<std::size_t> labels_of(std::span<const std::string> classes) const;

 private:
  /// Nothing if there is none, several if it is ambiguous.
  [[nodiscard]] std::vector<std::size_t> find(std::string_view name) const;

  std::size_t count_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> whole_;  // by the whole label
  std::map<std::string, std::vector<std::size_t>, std::less<>> parts_;  // by one of its names
};

}  // namespace blip::eval

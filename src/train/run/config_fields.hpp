// The one list of what a configuration consists of: keys, types, ranges, and which tasks have them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "train/run/training_config.hpp"

namespace blip::train {

struct IntegerField {
  int* value;
  int least;
  int most;
};
struct NumberField {
  double* value;
  double least;
  double most;
};
struct SwitchField {
  bool* value;
};
struct TextField {
  std::string* value;
  std::vector<std::string_view> allowed = {};  ///< empty: any text
};
struct IntegerListField {
  std::vector<int>* value;
  int least;
  int most;
  std::size_t longest;
};
struct ListField {
  std::vector<std::string>* value;
};

struct ConfigField {
  std::string_view group;  ///< "optimizer"
  std::string_view key;    ///< "learning_rate"
  std::variant<IntegerField, NumberField, SwitchField, TextField, IntegerListField, ListField>
      target;
};

/// Those that `config.task` has; they point into `config`. Those of a group follow one another.
std::vector<ConfigField> fields_of(TrainingConfig& config);

}  // namespace blip::train

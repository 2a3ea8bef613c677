#include "options.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "checkpoint/model_source.hpp"

namespace blip::python {
namespace {

namespace nb = nanobind;

template <typename Value>
std::pair<const std::string, std::function<void(GenerationOptions&, nb::handle)>> field(
    const char* name, std::optional<Value> GenerationOptions::*member) {
  return {name, [member](GenerationOptions& options, nb::handle value) {
            options.*member = nb::cast<Value>(value);
          }};
}

// Python's False, True and "never".
EarlyStopping early_stopping_of(nb::handle value) {
  if (nb::isinstance<nb::bool_>(value)) {
    return nb::cast<bool>(value) ? EarlyStopping::when_full : EarlyStopping::heuristic;
  }
  if (nb::isinstance<nb::str>(value) && nb::cast<std::string>(value) == "never") {
    return EarlyStopping::never;
  }
  throw Error(ErrorCode::invalid_argument, "early_stopping must be True, False or 'never'");
}

using OptionReader = std::function<void(GenerationOptions&, nb::handle)>;

const std::map<std::string, OptionReader>& generation_fields() {
  using Options = GenerationOptions;
  static const std::map<std::string, OptionReader> fields = {
      field("max_length", &Options::max_length),
      field("max_new_tokens", &Options::max_new_tokens),
      field("min_length", &Options::min_length),
      field("min_new_tokens", &Options::min_new_tokens),
      field("num_beams", &Options::num_beams),
      field("length_penalty", &Options::length_penalty),
      field("num_return_sequences", &Options::num_return_sequences),
      field("repetition_penalty", &Options::repetition_penalty),
      field("no_repeat_ngram_size", &Options::no_repeat_ngram_size),
      field("bad_words_ids", &Options::bad_words_ids),
      field("do_sample", &Options::do_sample),
      field("temperature", &Options::temperature),
      field("top_k", &Options::top_k),
      field("top_p", &Options::top_p),
      field("seed", &Options::seed),
      {"early_stopping",
       [](Options& options, nb::handle value) {
         options.early_stopping = early_stopping_of(value);
       }},
  };
  return fields;
}

}  // namespace

GenerationOptions generation_options(const nb::dict& keywords) {
  const auto& fields = generation_fields();
  GenerationOptions options;
  for (const auto& [key, value] : keywords) {
    const auto name = nb::cast<std::string>(key);
    const auto found = fields.find(name);
    if (found == fields.end()) {
      throw Error(ErrorCode::invalid_argument, "generate() has no option '" + name + "'");
    }
    if (value.is_none()) continue;
    try {
      found->second(options, value);
    } catch (const nb::cast_error&) {
      throw Error(ErrorCode::invalid_argument,
                  name + ": " + nb::cast<std::string>(nb::repr(value)) + " is of the wrong type");
    }
  }
  options.output_scores = true;
  return options;
}

std::vector<std::string> generation_option_names() {
  std::vector<std::string> names;
  for (const auto& [name, reader] : generation_fields()) names.push_back(name);
  return names;
}

HubOptions hub_options(const nb::dict& keywords) {
  HubOptions options;
  for (const auto& [key, value] : keywords) {
    const auto name = nb::cast<std::string>(key);
    if (name == "revision") {
      options.revision = nb::cast<std::string>(value);
    } else if (name == "cache_dir") {
      options.cache_directory = nb::cast<std::string>(value);
    } else if (name == "token") {
      options.token = nb::cast<std::string>(value);
    } else if (name == "local_files_only") {
      options.offline = nb::cast<bool>(value);
    } else {
      throw Error(ErrorCode::invalid_argument, "the hub has no option '" + name + "'");
    }
  }
  return options;
}

LoadOptions load_options(const std::string& weight_type, const std::string& adapter,
                         const nb::dict& hub) {
  static const std::map<std::string, WeightType> types = {{"stored", WeightType::stored},
                                                          {"float32", WeightType::f32},
                                                          {"float16", WeightType::f16},
                                                          {"bfloat16", WeightType::bf16},
                                                          {"int8", WeightType::i8}};
  const auto type = types.find(weight_type);
  if (type == types.end()) {
    throw Error(
        ErrorCode::invalid_argument,
        "dtype '" + weight_type + "' is none of stored, float32, float16, bfloat16 and int8");
  }
  LoadOptions options;
  options.weight_type = type->second;
  options.adapter = adapter;
  options.hub = hub_options(hub);
  return options;
}

}  // namespace blip::python

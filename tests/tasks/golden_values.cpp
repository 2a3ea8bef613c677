#include "golden_values.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <type_traits>

namespace blip {

using nlohmann::json;

json read_golden(const std::string& file) {
  std::ifstream stream(BLIP_TEST_DATA "/" + file);
  return json::parse(stream);
}

void expect_samples(const Tensor& tensor, const json& samples, double tolerance,
                    const std::string& what) {
  ASSERT_FALSE(samples.empty());
  for (const json& sample : samples) {
    const auto index = sample[0].get<std::size_t>();
    ASSERT_LT(index, tensor.data.size()) << what;
    EXPECT_NEAR(tensor.data[index], sample[1].get<double>(), tolerance) << what << " " << index;
  }
}

void expect_values(std::span<const float> actual, const json& values, double tolerance,
                   const std::string& what) {
  ASSERT_EQ(actual.size(), values.size()) << what;
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(actual[i], values[i].get<double>(), tolerance) << what << " " << i;
  }
}

GenerationOptions options_of(const json& values) {
  GenerationOptions options;
  const auto set = [&](const char* name, auto& option) {
    using Value = typename std::remove_reference_t<decltype(option)>::value_type;
    if (values.contains(name)) option = values.at(name).get<Value>();
  };
  set("max_length", options.max_length);
  set("min_length", options.min_length);
  set("max_new_tokens", options.max_new_tokens);
  set("min_new_tokens", options.min_new_tokens);
  set("num_beams", options.num_beams);
  set("length_penalty", options.length_penalty);
  set("num_return_sequences", options.num_return_sequences);
  set("repetition_penalty", options.repetition_penalty);
  set("no_repeat_ngram_size", options.no_repeat_ngram_size);
  return options;
}

}  // namespace blip

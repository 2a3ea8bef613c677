// The small random models of tests/tasks, the photos of examples/, and what the reference makes of
// them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace blip::testing {

/// The directory of the model "vqa", "itm", "nlvr" or "blip".
std::string task_model(const std::string& name);

/// The directory of a tiny DALL-E whose weights are made from its tensors' names. It reads the
/// letters a, c, d, g, o and t, and draws 16 × 16 pixels.
std::string drawing_model();

/// The expectations of such a model.
const nlohmann::json& expectations(const std::string& name);

/// The photo with this number in the expectations.
std::string photo(std::size_t number);
/// The folder of all of them.
std::string photo_folder();

/// The objects of JSON lines.
std::vector<nlohmann::json> json_lines(const std::string& text);

/// That two outputs say the same, numbers to within a millionth: which images go through a model
/// together decides the order of its sums, and so the last digit of a score.
void expect_same_to_rounding(const std::string& actual, const std::string& expected);

}  // namespace blip::testing

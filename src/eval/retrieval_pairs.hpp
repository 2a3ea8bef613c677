// Which texts belong to which images.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace blip::eval {

/// The image of each text, from JSON: [IMAGE, IMAGE, …], one for each text, or [[TEXTS], [TEXTS],
/// …], a list for each image; all are numbers from 0. `name` stands for the file in messages.
/// Throws malformed: anything else, a text that is in two lists or in none. Numbers may be too
/// large for the scores, which retrieval_scores checks.
std::vector<std::size_t> parse_image_of_text(std::string_view json, const std::string& name);

/// The same for texts in the order of their images, so many of each.
std::vector<std::size_t> images_in_order(std::size_t num_images, std::size_t texts_per_image);

}  // namespace blip::eval

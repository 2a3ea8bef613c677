// AnnotatedPicture: a picture with all that a data set says of it, in however many samples.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "dataset/sample.hpp"

namespace blip::dataset {

struct AnnotatedPicture {
  /// That of its first sample; with the sample's number if another picture has it as well, as in
  /// two shards that both begin at 000000.
  std::string key;
  std::size_t sample = 0;  ///< the first one of it
  std::vector<std::string> captions{};
  std::vector<Question> questions{};
  std::vector<Statement> statements{};
  std::string label{};  ///< Sample::label
};

/// All pictures of `data`, in the order of their first samples. Samples of one image_id are of one
/// picture; those without, and pairs of pictures (NLVR2), which share their first picture with
/// other pairs, are each their own. Reads every annotation; throws what that throws, and malformed
/// for a picture with two labels.
std::vector<AnnotatedPicture> annotated_pictures(const Dataset& data);

}  // namespace blip::dataset

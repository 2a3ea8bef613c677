// The pictures of a data set, on their way through a model that is judged.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "cli/input/image_batch.hpp"
#include "cli/options/option_parser.hpp"
#include "dataset/annotated_pictures.hpp"
#include "dataset/dataset.hpp"

namespace blip::cli {

class EvalData {
 public:
  /// --data and --images.
  void declare(OptionParser& app);
  [[nodiscard]] bool given() const noexcept { return !sources_.empty(); }

  /// Opens the data set and reads all of its texts. Throws blip::Error, also if there is no sample.
  void open();
  [[nodiscard]] const std::vector<dataset::AnnotatedPicture>& pictures() const noexcept {
    return pictures_;
  }

  /// Reads and prepares `batch` pictures at a time, shows how far it is unless `quiet`, and calls
  /// `visit` with the number of the first one and all of them. A picture that cannot be read ends
  /// the evaluation: its scores would be those of another set. Throws blip::Error.
  void for_each_batch(std::size_t batch, bool quiet,
                      const std::function<BlipInputs(const dataset::EncodedPicture&)>& prepare,
                      const std::function<void(std::size_t, Images)>& visit) const;

 private:
  std::vector<std::string> sources_;
  std::string root_;
  dataset::Dataset data_;
  std::vector<dataset::AnnotatedPicture> pictures_;
};

}  // namespace blip::cli

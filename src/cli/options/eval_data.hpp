// The pictures of a data set, on their way through a model that is judged.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/images/image_batch.hpp"
#include "app/images/picture_reader.hpp"
#include "cli/options/option_parser.hpp"
#include "dataset/annotated_pictures.hpp"
#include "dataset/dataset.hpp"

namespace blip::cli {

class EvalData {
 public:
  /// --data and --images. `more` is what else --data may be, for the help text.
  void declare(OptionParser& app, std::string_view more = {});
  [[nodiscard]] bool given() const noexcept { return !sources_.empty(); }

  /// Opens the data set and reads all of its texts. Throws blip::Error, also if there is no sample.
  void open();
  [[nodiscard]] const std::vector<dataset::AnnotatedPicture>& pictures() const noexcept {
    return pictures_;
  }

  /// How a model goes through the pictures.
  struct Pass {
    const app::PictureReader& reader;
    std::size_t batch = 8;
    int num_threads = 1;  ///< that read and prepare pictures
    bool quiet = false;   ///< no progress line
  };
  /// Calls `visit` with the number of the first of `batch` pictures and all of them, while the next
  /// ones are read. A picture that cannot be read ends the evaluation: its scores would be those of
  /// another set. Throws blip::Error.
  void for_each_batch(const Pass& pass,
                      const std::function<void(std::size_t first, app::Images)>& visit) const;

 private:
  std::vector<std::string> sources_;
  std::string root_;
  dataset::Dataset data_;
  std::vector<dataset::AnnotatedPicture> pictures_;
};

}  // namespace blip::cli

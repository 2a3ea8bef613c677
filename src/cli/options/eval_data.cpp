#include "cli/options/eval_data.hpp"

#include <algorithm>
#include <utility>

#include "blip/error.hpp"
#include "cli/output/progress.hpp"

namespace blip::cli {

void EvalData::declare(OptionParser& app) {
  const char* group = "Data";
  app.add_option("--data", sources_,
                 "Judge the model on these: WebDataset shards (.tar) and annotation lists (.json, "
                 ".jsonl); braces name several (val-{000..004}.tar)")
      ->type_name("FILE...")
      ->group(group);
  app.add_option("--images", root_, "Where the pictures of annotation lists are")
      ->type_name("DIR")
      ->group(group);
}

void EvalData::open() {
  data_ = dataset::Dataset::open(sources_, {.root = root_});
  pictures_ = dataset::annotated_pictures(data_);
  if (pictures_.empty()) {
    throw Error(ErrorCode::invalid_argument, sources_.front() + ": holds no samples");
  }
}

void EvalData::for_each_batch(
    std::size_t batch, bool quiet,
    const std::function<BlipInputs(const dataset::EncodedPicture&)>& prepare,
    const std::function<void(std::size_t, Images)>& visit) const {
  Progress progress(!quiet && terminal_shows_progress(), pictures_.size());
  progress.draw(0, 0);
  for (std::size_t first = 0; first < pictures_.size(); first += batch) {
    std::vector<LoadedImage> loaded;
    for (std::size_t i = first; i < std::min(first + batch, pictures_.size()); ++i) {
      dataset::Sample sample = data_.read(pictures_[i].sample);
      // For the message if it cannot be decoded.
      sample.pictures.front().name =
          data_.file_of(pictures_[i].sample) + ": " + sample.pictures.front().name;
      loaded.push_back({.input = {.path = pictures_[i].key, .index = i, .error = {}},
                        .inputs = prepare(sample.pictures.front()),
                        .error = {}});
    }
    std::vector<const LoadedImage*> images;
    images.reserve(loaded.size());
    for (const LoadedImage& image : loaded) images.push_back(&image);
    visit(first, images);
    progress.draw(first + images.size(), 0);
  }
  progress.finish(pictures_.size(), 0);
}

}  // namespace blip::cli

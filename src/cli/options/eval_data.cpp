#include "cli/options/eval_data.hpp"

#include <optional>
#include <stop_token>
#include <utility>

#include "app/images/image_stream.hpp"
#include "blip/error.hpp"
#include "cli/output/progress.hpp"

namespace blip::cli {

void EvalData::declare(OptionParser& app, std::string_view more) {
  const char* group = "Data";
  app.add_option("--data", sources_,
                 "Judge the model on these: WebDataset shards (.tar) and annotation lists (.json, "
                 ".jsonl); braces name several (val-{000..004}.tar)" +
                     std::string(more))
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

void EvalData::for_each_batch(const Pass& pass,
                              const std::function<void(std::size_t, app::Images)>& visit) const {
  std::size_t next = 0;
  const auto next_input = [&](const std::stop_token&) -> std::optional<app::ImageInput> {
    if (next == pictures_.size()) return std::nullopt;
    const std::size_t index = next++;
    return app::ImageInput{.path = pictures_[index].key, .index = index};
  };
  const auto prepare = [&](const app::ImageInput& input) {
    const std::size_t number = pictures_[input.index].sample;
    const dataset::Sample sample = data_.read(number);
    const dataset::EncodedPicture& picture = sample.pictures.front();
    return pass.reader(picture.bytes, data_.file_of(number) + ": " + picture.name);
  };
  app::ImageStream images(next_input, prepare, pass.num_threads, 2 * pass.batch);
  Progress progress(!pass.quiet && terminal_shows_progress(), pictures_.size());
  progress.draw(0, 0);
  std::size_t done = 0;
  while (const auto batch = images.next_batch(pass.batch)) {
    for (const app::PreparedImage& image : batch->all()) {
      if (!image.error.empty()) throw Error(ErrorCode::malformed, image.error);
    }
    visit(done, batch->images());
    done += batch->images().size();
    progress.draw(done, 0);
  }
  progress.finish(done, 0);
}

}  // namespace blip::cli

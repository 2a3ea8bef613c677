// Turn: pictures are encoded in batches.
#include <algorithm>
#include <exception>
#include <utility>

#include "app/images/image_batch.hpp"
#include "serve/engine/turn.hpp"

namespace blip::serve {
namespace {

// Full batches are worth more than early ones while there are texts to write in the meantime.
constexpr int kBusyPatience = 10;  // in max_wait

}  // namespace

std::optional<Clock::time_point> batch_due(const EngineState& state, const ModelState& model) {
  if (model.ready_pictures.empty()) return std::nullopt;
  const Clock::time_point since = model.ready_pictures.front()->ready;
  const bool others_come = model.reading > 0 || model.can_admit();
  if (!others_come || model.ready_pictures.size() >= state.options.max_batch) return since;
  return since + (model.writing > 0 ? kBusyPatience : 1) * state.options.max_wait;
}

// Pictures of one shape, the oldest first. The mutex is held.
std::vector<PictureWorkPointer> Turn::take_batch() {
  parts_ = model_.parts;  // another one may have been loaded since
  auto& ready = model_.ready_pictures;
  std::vector<PictureWorkPointer> batch;
  for (auto next = ready.begin(); next != ready.end() && batch.size() < state_.options.max_batch;) {
    const bool fits =
        batch.empty() || ((*next)->pixel_values.shape == batch.front()->pixel_values.shape &&
                          (*next)->key.encoding == batch.front()->key.encoding);
    if (!fits) {
      ++next;
      continue;
    }
    batch.push_back(std::move(*next));
    next = ready.erase(next);
  }
  // Nobody waits for a picture any more whose jobs are all over.
  std::erase_if(batch, [&](const PictureWorkPointer& work) {
    if (!std::ranges::all_of(work->waiting, [](const JobPointer& job) { return job->is_over(); })) {
      return false;
    }
    model_.pictures.erase(work->key);
    for (const JobPointer& job : work->waiting) state_.release(*job);
    return true;
  });
  return batch;
}

void Turn::encode() {
  std::vector<PictureWorkPointer> batch;
  {
    const std::lock_guard lock(state_.mutex);
    const auto due = batch_due(state_, model_);
    if (due && *due <= Clock::now()) batch = take_batch();
  }
  if (!batch.empty()) encode_batch(std::move(batch));
}

void Turn::encode_batch(std::vector<PictureWorkPointer> batch) {
  const Clock::time_point begin = Clock::now();
  std::vector<EncodedPicture> encoded;
  try {
    std::vector<app::PreparedImage> prepared(batch.size());
    std::vector<const app::PreparedImage*> images;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      prepared[i].pixel_values = batch[i]->pixel_values;
      images.push_back(&prepared[i]);
    }
    encoded =
        parts_.encode(batch.front()->key.encoding, app::stacked_pixels(images), state_.context);
  } catch (...) {
    if (batch.size() == 1) {
      fail(batch.front(), failure_of_model(std::current_exception()));
      return;
    }
    // It may be one of them alone, or there is memory for fewer.
    for (PictureWorkPointer& work : batch) encode_batch({std::move(work)});
    return;
  }
  const std::lock_guard lock(state_.mutex);
  state_.metrics.vision_seconds.observe(
      std::chrono::duration<double>(Clock::now() - begin).count());
  state_.metrics.vision_batch.observe(static_cast<double>(batch.size()));
  state_.metrics.pictures_encoded += batch.size();
  for (std::size_t i = 0; i < batch.size(); ++i) hand_out(batch[i], std::move(encoded[i]));
}

// The mutex is held.
void Turn::hand_out(const PictureWorkPointer& work, EncodedPicture picture) {
  picture.width = work->width;
  picture.height = work->height;
  model_.pictures.erase(work->key);
  for (const JobPointer& job : work->waiting) {
    job->picture = picture;
    state_.make_ready(job);
  }
  state_.cache.add(work->key, std::move(picture));
}

void Turn::fail(const PictureWorkPointer& work, const TaskFailure& failure) {
  std::vector<JobPointer> jobs;
  {
    const std::lock_guard lock(state_.mutex);
    model_.pictures.erase(work->key);
    jobs = std::move(work->waiting);
  }
  for (const JobPointer& job : jobs) state_.finish_admitted(job, failure);
}

}  // namespace blip::serve

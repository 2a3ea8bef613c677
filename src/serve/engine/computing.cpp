// The thread that computes: it encodes pictures in batches, and does their tasks.
#include <algorithm>
#include <utility>

#include "app/images/image_batch.hpp"
#include "serve/engine/engine_state.hpp"
#include "serve/engine/generation_defaults.hpp"
#include "serve/engine/picture_tasks.hpp"
#include "serve/engine/task_failure.hpp"
#include "serve/engine/text_tasks.hpp"

namespace blip::serve {
namespace {

using Seconds = std::chrono::duration<double>;

// One model's turn. Its parts stay loaded meanwhile: is_computing is set.
class Turn {
 public:
  Turn(EngineState& state, std::size_t model)
      : state_(state), index_(model), model_(state.models[model]), parts_(model_.parts) {}

  void encode();
  void join();
  void write();
  void do_another();

 private:
  [[nodiscard]] const CatalogModel& catalog() const { return state_.catalog.models()[index_]; }
  std::vector<PictureWorkPointer> take_batch();
  void encode_batch(std::vector<PictureWorkPointer> batch);
  void hand_out(const PictureWorkPointer& work, EncodedPicture picture);
  void fail(const PictureWorkPointer& work, const TaskFailure& failure);
  JobPointer take(std::deque<JobPointer>& jobs);
  void begin_writing(const JobPointer& job);
  void write(std::optional<GenerationLane>& lane);
  void finish(Written written);
  void done(const JobPointer& job, decltype(TaskResult::value) value);
  void paint(const JobPointer& job, app::Explanation explanation);

  EngineState& state_;
  std::size_t index_;
  ModelState& model_;
  ModelParts parts_;
};

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
    const std::size_t limit = state_.options.max_batch;
    const bool is_due =
        model_.ready_pictures.size() >= limit || (model_.reading == 0 && !model_.can_admit()) ||
        (!model_.ready_pictures.empty() &&
         Clock::now() - model_.ready_pictures.front()->ready >= state_.options.max_wait);
    if (is_due) batch = take_batch();
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
  state_.metrics.vision_seconds.observe(Seconds(Clock::now() - begin).count());
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

// The next one that is not over; null: there is none. The mutex is held.
JobPointer Turn::take(std::deque<JobPointer>& jobs) {
  parts_ = model_.parts;
  while (!jobs.empty()) {
    JobPointer job = std::move(jobs.front());
    jobs.pop_front();
    if (!job->is_over()) {
      state_.leave_preparing(*job);
      job->text_began = Clock::now();
      return job;
    }
    state_.release(*job);
  }
  return nullptr;
}

void Turn::join() {
  while (true) {
    JobPointer job;
    {
      const std::lock_guard lock(state_.mutex);
      const std::size_t rows = (model_.captions ? model_.captions->rows() : 0) +
                               (model_.answers ? model_.answers->rows() : 0);
      if (rows >= state_.options.max_rows) return;
      job = take(model_.ready_texts);
    }
    if (!job) return;
    try {
      begin_writing(job);
    } catch (...) {
      state_.finish_admitted(job, failure_of_model(std::current_exception()));
    }
  }
}

void Turn::begin_writing(const JobPointer& job) {
  const GenerationOptions& defaults = state_.options.generation;
  if (const auto* answer = std::get_if<AnswerTask>(&job->task.input)) {
    const AnswererPart& part = *parts_.answerer;
    if (!model_.answers) model_.answers.emplace(part.model.start_session(), *part.tokenizer);
    model_.answers->join(job, writing_of(*answer, part, defaults), state_.context);
    return;
  }
  const CaptionerPart& part = *parts_.captioner;
  if (!model_.captions) model_.captions.emplace(part.model.start_session(), *part.tokenizer);
  const auto* caption = std::get_if<CaptionTask>(&job->task.input);
  model_.captions->join(job,
                        caption != nullptr
                            ? writing_of(*caption, part, defaults)
                            : writing_of(std::get<ExplainTask>(job->task.input), defaults),
                        state_.context);
}

void Turn::write() {
  write(model_.captions);
  write(model_.answers);
  const std::lock_guard lock(state_.mutex);
  model_.writing = (model_.captions ? model_.captions->size() : 0) +
                   (model_.answers ? model_.answers->size() : 0);
}

void Turn::write(std::optional<GenerationLane>& lane) {
  if (!lane || lane->size() == 0) return;
  const std::size_t together = lane->size();
  std::vector<Written> left;
  try {
    left = lane->step(state_.context);
  } catch (...) {
    // What concerns all of them, such as damaged weights: it would again.
    left = lane->abandon(std::current_exception());
  }
  {
    const std::lock_guard lock(state_.mutex);
    state_.metrics.text_batch.observe(static_cast<double>(together));
  }
  for (Written& written : left) {
    const JobPointer job = written.job;
    try {
      finish(std::move(written));
    } catch (...) {
      state_.finish_admitted(job, failure_of_model(std::current_exception()));
    }
  }
}

void Turn::finish(Written written) {
  const JobPointer& job = written.job;
  if (written.error) {
    state_.finish_admitted(job, failure_of_model(written.error));
    return;
  }
  const bool is_answer = job->kind == TaskKind::answer;
  const Tokenizer& tokenizer =
      is_answer ? *parts_.answerer->tokenizer : *parts_.captioner->tokenizer;
  TextResult result = text_result_of(
      written, tokenizer,
      is_answer ? parts_.answerer->model.config() : parts_.captioner->model.config());
  {
    const std::lock_guard lock(state_.mutex);
    for (const auto& text : result.texts) state_.metrics.tokens += text.tokens;
  }
  if (job->kind == TaskKind::explain) {
    paint(job, explain_caption(*job, result.texts.front().text, written.sequences.front().ids,
                               *parts_.captioner, state_.context));
    return;
  }
  if (written.stream) job->tell(written.stream->rest(result.texts.front().text));
  done(job, std::move(result));
}

void Turn::do_another() {
  JobPointer job;
  {
    const std::lock_guard lock(state_.mutex);
    job = take(model_.ready_others);
  }
  if (!job) return;
  try {
    PictureTaskValue value =
        do_picture_task(*job, parts_, catalog(), state_.options, state_.context);
    if (auto* explanation = std::get_if<app::Explanation>(&value)) {
      paint(job, std::move(*explanation));
    } else {
      done(job, std::get<decltype(TaskResult::value)>(std::move(value)));
    }
  } catch (...) {
    state_.finish_admitted(job, failure_of_model(std::current_exception()));
  }
}

void Turn::done(const JobPointer& job, decltype(TaskResult::value) value) {
  const Clock::time_point now = Clock::now();
  TaskResult result{.model = catalog().status.name, .value = std::move(value)};
  const bool is_text = std::holds_alternative<TextResult>(result.value);
  result.load_time = job->load_time;
  result.queue_time = job->admitted - job->submitted - job->load_time;
  result.prompt_time = (is_text ? job->text_began : now) - job->admitted;
  if (is_text) result.generate_time = now - job->text_began;
  {
    const std::lock_guard lock(state_.mutex);
    state_.metrics.text_seconds.observe(Seconds(now - job->text_began).count());
    if (const auto* embedding = std::get_if<EmbeddingResult>(&result.value)) {
      model_.embedding_size = static_cast<int>(embedding->embeddings.shape[1]);
    }
    // Text models have read the picture: what is remembered of it has grown.
    if (job->key) state_.cache.measure(*job->key);
  }
  state_.finish_admitted(job, std::move(result));
}

void Turn::paint(const JobPointer& job, app::Explanation explanation) {
  {
    const std::lock_guard lock(state_.mutex);
    if (job->key) state_.cache.measure(*job->key);
    state_.paintings.push_back({job, std::move(explanation)});
  }
  state_.for_readers.notify_one();
}

// When there is something to do for the model: at once, later, or nothing until something comes.
std::optional<Clock::time_point> next_work(const EngineState& state, const ModelState& model,
                                           Clock::time_point now) {
  if (model.writing > 0 || !model.ready_texts.empty() || !model.ready_others.empty()) return now;
  if (model.ready_pictures.empty()) return std::nullopt;
  const bool others_come = model.reading > 0 || model.can_admit();
  if (!others_come || model.ready_pictures.size() >= state.options.max_batch) return now;
  return model.ready_pictures.front()->ready + state.options.max_wait;
}

}  // namespace

void compute(EngineState& state) {
  std::size_t next = 0;
  std::unique_lock lock(state.mutex);
  while (!state.is_stopping) {
    const Clock::time_point now = Clock::now();
    std::optional<std::size_t> chosen;
    std::optional<Clock::time_point> soonest;
    for (std::size_t i = 0; i < state.models.size() && !chosen; ++i) {
      const std::size_t model = (next + i) % state.models.size();
      const auto time = next_work(state, state.models[model], now);
      if (!time) continue;
      if (*time <= now) chosen = model;
      if (!soonest || *time < *soonest) soonest = time;
    }
    if (!chosen) {
      if (soonest) {
        state.for_computing.wait_until(lock, *soonest);
      } else {
        state.for_computing.wait(lock);
      }
      continue;
    }
    next = *chosen + 1;
    ModelState& model = state.models[*chosen];
    model.is_computing = true;
    {
      Turn turn(state, *chosen);
      lock.unlock();
      turn.encode();
      turn.join();
      turn.write();
      turn.do_another();
    }
    lock.lock();
    model.is_computing = false;
    if (model.admitted == 0) state.for_loading.notify_all();
  }
}

}  // namespace blip::serve

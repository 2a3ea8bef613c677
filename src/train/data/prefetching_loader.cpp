#include "train/data/prefetching_loader.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "blip/error.hpp"

namespace blip::train {
namespace {

void check(bool holds, const std::string& problem) {
  if (!holds) throw Error(ErrorCode::invalid_argument, problem);
}

}  // namespace

PrefetchingLoader::PrefetchingLoader(EpochSampler sampler, Load load, const LoaderOptions& options)
    : sampler_(std::move(sampler)),
      load_(std::move(load)),
      batches_ahead_(options.batches_ahead),
      epoch_(options.epoch),
      step_(options.step) {
  check(options.workers > 0, "loading needs at least one worker");
  check(options.batches_ahead > 0, "loading needs room for at least one batch");
  const std::uint64_t steps = sampler_.steps_per_epoch();
  check(steps > 0, "the data set has fewer rows than a batch");
  // The end of an epoch is a place to resume from: the next one's first step.
  if (step_ == steps) {
    ++epoch_;
    step_ = 0;
  }
  check(step_ < steps, "cannot resume at step " + std::to_string(options.step) +
                           " of an epoch of " + std::to_string(steps));
  workers_.reserve(static_cast<std::size_t>(options.workers));
  for (int i = 0; i < options.workers; ++i) workers_.emplace_back([this] { work(); });
}

PrefetchingLoader::~PrefetchingLoader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_is_there_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void PrefetchingLoader::begin_batch() {
  auto begun = std::make_shared<Pending>();
  begun->rows = sampler_.rows(epoch_, step_);
  begun->batch = {epoch_, step_, std::vector<Example>(begun->rows.size())};
  begun->errors.resize(begun->rows.size());
  begun->unfinished = begun->rows.size();
  if (++step_ == sampler_.steps_per_epoch()) {
    ++epoch_;
    step_ = 0;
  }
  pending_.push_back(std::move(begun));
}

std::shared_ptr<PrefetchingLoader::Pending> PrefetchingLoader::claimable() {
  for (const auto& pending : pending_) {
    if (pending->claimed < pending->rows.size()) return pending;
  }
  while (pending_.size() < batches_ahead_) {
    begin_batch();
    if (!pending_.back()->rows.empty()) return pending_.back();
    batch_is_done_.notify_all();  // this rank's part of a small last batch can be nothing
  }
  return nullptr;
}

void PrefetchingLoader::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::shared_ptr<Pending> pending = claimable();
    if (pending == nullptr) {
      work_is_there_.wait(lock);
      continue;
    }
    const std::size_t place = pending->claimed++;
    const std::size_t row = pending->rows[place];
    const std::uint32_t epoch = pending->batch.epoch;
    lock.unlock();
    Example example;
    std::exception_ptr error;
    try {
      example = load_(row, epoch);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    pending->batch.examples[place] = std::move(example);
    pending->errors[place] = std::move(error);
    if (--pending->unfinished == 0) batch_is_done_.notify_all();
  }
}

Batch PrefetchingLoader::next() {
  std::shared_ptr<Pending> done;
  {
    std::unique_lock lock(mutex_);
    batch_is_done_.wait(lock,
                        [&] { return !pending_.empty() && pending_.front()->unfinished == 0; });
    done = std::move(pending_.front());
    pending_.pop_front();
  }
  work_is_there_.notify_all();
  for (const std::exception_ptr& error : done->errors) {
    if (error != nullptr) std::rethrow_exception(error);
  }
  return std::move(done->batch);
}

}  // namespace blip::train

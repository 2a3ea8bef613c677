#include "train/data/prefetching_loader.hpp"

#include <stop_token>
#include <string>
#include <utility>

#include "blip/error.hpp"

namespace blip::train {
namespace {

void check(bool holds, const std::string& problem) {
  if (!holds) throw Error(ErrorCode::invalid_argument, problem);
}

// Throws as PrefetchingLoader does.
LoaderOptions checked(LoaderOptions options, const EpochSampler& sampler) {
  check(options.workers > 0, "loading needs at least one worker");
  check(options.batches_ahead > 0, "loading needs room for at least one batch");
  const std::uint64_t steps = sampler.steps_per_epoch();
  check(steps > 0, "the data set has fewer rows than a batch");
  // The end of an epoch is a place to resume from: the next one's first step.
  if (options.step == steps) {
    ++options.epoch;
    options.step = 0;
  }
  check(options.step < steps, "cannot resume at step " + std::to_string(options.step) +
                                  " of an epoch of " + std::to_string(steps));
  return options;
}

}  // namespace

PrefetchingLoader::Parts::Source PrefetchingLoader::parts_from(const EpochSampler& sampler,
                                                               const LoaderOptions& options) {
  return [sampler = sampler, epoch = options.epoch, step = options.step,
          rows = std::vector<std::size_t>(),
          taken = std::size_t{0}](const std::stop_token&) mutable -> std::optional<Part> {
    if (taken == 0) rows = sampler.rows(epoch, step);
    Part part{.epoch = epoch, .step = step, .row = {}, .is_last = taken + 1 >= rows.size()};
    if (!rows.empty()) part.row = rows[taken];
    ++taken;
    if (part.is_last) {
      taken = 0;
      if (++step == sampler.steps_per_epoch()) {
        ++epoch;
        step = 0;
      }
    }
    return part;
  };
}

PrefetchingLoader::LoadedPart PrefetchingLoader::load_part(const Load& load, const Part& part) {
  LoadedPart loaded{.part = part, .example = {}, .error = {}};
  if (!part.row) return loaded;
  try {
    loaded.example = load(*part.row, part.epoch);
  } catch (...) {
    loaded.error = std::current_exception();
  }
  return loaded;
}

PrefetchingLoader::PrefetchingLoader(const EpochSampler& sampler, Load load,
                                     const LoaderOptions& options)
    : parts_(
          parts_from(sampler, checked(options, sampler)),
          [load = std::move(load)](const Part& part) { return load_part(load, part); },
          options.workers, options.batches_ahead * sampler.rows_per_batch()) {}

Batch PrefetchingLoader::next() {
  Batch batch;
  std::exception_ptr error;
  bool is_complete = false;
  while (!is_complete) {
    LoadedPart loaded = std::move(*parts_.next());  // there is always another
    batch.epoch = loaded.part.epoch;
    batch.step = loaded.part.step;
    is_complete = loaded.part.is_last;
    if (loaded.error && !error) error = loaded.error;
    if (loaded.part.row) batch.examples.push_back(std::move(loaded.example));
  }
  if (error) std::rethrow_exception(error);
  return batch;
}

}  // namespace blip::train

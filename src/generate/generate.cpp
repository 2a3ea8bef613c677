#include "generate/generate.hpp"

#include <cstddef>
#include <exception>
#include <iterator>
#include <utility>

#include "generate/generation_session.hpp"

namespace blip {

std::vector<GeneratedSequence> generate_sequences(const DecodeStep& decode_step,
                                                  std::span<const std::vector<TokenId>> prompts,
                                                  const GenerationSettings& settings,
                                                  const GenerationCallbacks& callbacks) {
  GenerationSession session;
  for (std::size_t image = 0; image < prompts.size(); ++image) {
    GenerationRequest request{
        .image = static_cast<int>(image),
        .prompt = prompts[image],
        .settings = settings,
        .callbacks = {.on_token = callbacks.on_token, .stop = callbacks.stop},
        .index = image,
    };
    request.settings.image_offset += image;
    session.add(std::move(request));
  }

  // The ids of a new session count from 0.
  std::vector<std::vector<GeneratedSequence>> results(prompts.size());
  GenerationProgress progress{.total = prompts.size()};
  while (session.size() > 0) {
    session.step(decode_step);
    for (FinishedRequest& finished : session.take_finished()) {
      if (finished.error) std::rethrow_exception(finished.error);
      results[static_cast<std::size_t>(finished.id)] = std::move(finished.sequences);
      ++progress.finished;
    }
    ++progress.steps;
    if (callbacks.on_progress) callbacks.on_progress(progress);
  }

  std::vector<GeneratedSequence> outputs;
  for (auto& result : results) {
    outputs.insert(outputs.end(), std::make_move_iterator(result.begin()),
                   std::make_move_iterator(result.end()));
  }
  return outputs;
}

}  // namespace blip

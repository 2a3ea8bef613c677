#include "tasks/session.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "generate/generation_session.hpp"
#include "model/text_decoder.hpp"
#include "model/text_layers.hpp"
#include "tasks/decoding.hpp"

namespace blip {

struct BlipGenerationSession::State {
  // What the decoder reads of a request.
  struct Reading {
    RequestId id{};
    int image = 0;
    std::shared_ptr<const CrossAttentionCache> cache;
  };

  State(std::shared_ptr<const void> weights, const TextModel& text_model,
        const LanguageModelHead& head, PrepareRequest how)
      : owner(std::move(weights)),
        model(text_model),
        prepare(std::move(how)),
        decoder(text_model, head) {}

  void release(RequestId id) noexcept {
    const auto found = std::find_if(readings.begin(), readings.end(),
                                    [&](const Reading& reading) { return reading.id == id; });
    decoder.remove_image(found->image);
    readings.erase(found);
  }

  // Takes what has finished out of the session, all of it or, without memory, nothing.
  void collect_finished() {
    finished.reserve(finished.size() + session.finished_count());
    for (FinishedRequest& request : session.take_finished()) {
      release(request.id);
      finished.push_back(std::move(request));
    }
  }

  std::shared_ptr<const void> owner;
  const TextModel& model;
  PrepareRequest prepare;
  TextDecoder decoder;
  GenerationSession session;
  std::vector<Reading> readings;
  std::vector<FinishedRequest> finished;
};

namespace {

// A token that the decoder refuses would fail the step of all.
void require_embeddable_prompt(const TextModel& model, std::span<const TokenId> prompt) {
  for (std::size_t i = 0; i < prompt.size(); ++i) {
    require_embeddable(model, {prompt[i], static_cast<std::int64_t>(i)});
  }
}

}  // namespace

BlipGenerationSession::BlipGenerationSession(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
BlipGenerationSession::BlipGenerationSession(BlipGenerationSession&&) noexcept = default;
BlipGenerationSession& BlipGenerationSession::operator=(BlipGenerationSession&&) noexcept = default;
BlipGenerationSession::~BlipGenerationSession() = default;

RequestId BlipGenerationSession::add(const EncodedImage& image, const std::vector<TokenId>& text,
                                     const GenerationOptions& options,
                                     GenerationCallbacks callbacks, Context& context) {
  State& state = *state_;
  GenerationSettings settings = decoder_settings(options, state.model.config);
  PreparedRequest prepared = state.prepare(image, text, context);
  require_embeddable_prompt(state.model, prepared.prompt);
  state.readings.reserve(state.readings.size() + 1);
  const int slot = state.decoder.add_image(*prepared.image);
  try {
    const RequestId id = state.session.add({.image = slot,
                                            .prompt = std::move(prepared.prompt),
                                            .settings = settings,
                                            .callbacks = std::move(callbacks)});
    state.readings.push_back({id, slot, std::move(prepared.image)});
    return id;
  } catch (...) {
    state.decoder.remove_image(slot);
    throw;
  }
}

void BlipGenerationSession::step(Context& context) {
  State& state = *state_;
  state.session.step(
      [&](std::span<const DecodeRow> rows) { return state.decoder.step(rows, context); });
  state.collect_finished();
}

bool BlipGenerationSession::cancel(RequestId id) {
  if (!state_->session.remove(id)) return false;
  state_->release(id);
  return true;
}

std::vector<FinishedRequest> BlipGenerationSession::take_finished() {
  state_->collect_finished();  // those of a step that failed
  return std::exchange(state_->finished, {});
}

std::size_t BlipGenerationSession::size() const noexcept {
  return state_->session.size();
}

BlipGenerationSession start_decoding_session(std::shared_ptr<const void> owner,
                                             const TextModel& model, const LanguageModelHead& head,
                                             PrepareRequest prepare) {
  return BlipGenerationSession(std::make_unique<BlipGenerationSession::State>(
      std::move(owner), model, head, std::move(prepare)));
}

}  // namespace blip

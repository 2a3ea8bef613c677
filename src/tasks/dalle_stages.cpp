#include "tasks/dalle_stages.hpp"

namespace blip {

DalleParts::DalleParts(Checkpoint checkpoint, WeightType weight_type, DalleConfig config,
                       DalleStages stages)
    : checkpoint_(std::move(checkpoint)),
      weight_type_(weight_type),
      config_(std::move(config)),
      stages_(stages) {
  if (stages_ == DalleStages::resident) load_all();
}

void DalleParts::load_all() {
  static_cast<void>(encoder());
  static_cast<void>(decoder());
  static_cast<void>(detokenizer());
}

template <typename Part, typename Make>
std::shared_ptr<const Part> DalleParts::get(std::shared_ptr<const LoadedPart<Part>>& kept,
                                            const Make& make) const {
  if (!kept) {
    ConvertedWeights converted;
    WeightLoader loader(checkpoint_, weight_type_, converted);
    Part part = make(loader);
    kept = std::make_shared<const LoadedPart<Part>>(
        LoadedPart<Part>{std::move(part), std::move(converted)});
  }
  return {kept, &kept->part};
}

std::shared_ptr<const DalleEncoder> DalleParts::encoder() const {
  const std::lock_guard lock(mutex_);
  if (stages_ == DalleStages::one_at_a_time) {
    decoder_.reset();
    detokenizer_.reset();
  }
  return get(encoder_, [&](WeightLoader& loader) { return DalleEncoder(loader, config_); });
}

std::shared_ptr<const DalleDecoder> DalleParts::decoder() const {
  const std::lock_guard lock(mutex_);
  if (stages_ == DalleStages::one_at_a_time) encoder_.reset();
  return get(decoder_, [&](WeightLoader& loader) { return DalleDecoder(loader, config_); });
}

std::shared_ptr<const VqganDecoder> DalleParts::detokenizer() const {
  const std::lock_guard lock(mutex_);
  if (stages_ == DalleStages::one_at_a_time) encoder_.reset();
  return get(detokenizer_, [&](WeightLoader& loader) {
    return VqganDecoder(loader, config_.vqgan_config, kDalleDetokenizer);
  });
}

}  // namespace blip

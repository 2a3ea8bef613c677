// DalleParts: the three parts of a DALL-E, loaded when they are needed and freed when another is.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "architectures/dalle/config.hpp"
#include "blip/dalle.hpp"
#include "model/dalle_decoder.hpp"
#include "model/dalle_encoder.hpp"
#include "model/vqgan_decoder.hpp"
#include "model/weight_loader.hpp"

namespace blip {

/// A part with the weights that it refers to, as far as the checkpoint does not have them.
template <typename Part>
struct LoadedPart {
  Part part;
  ConvertedWeights converted;
};

/// Safe to call from many threads: whoever got a part keeps it as long as its pointer.
class DalleParts {
 public:
  DalleParts(Checkpoint checkpoint, WeightType weight_type, DalleConfig config, DalleStages stages);

  [[nodiscard]] const DalleConfig& config() const noexcept { return config_; }

  // Each throws what loading throws.
  [[nodiscard]] std::shared_ptr<const DalleEncoder> encoder() const;
  [[nodiscard]] std::shared_ptr<const DalleDecoder> decoder() const;
  [[nodiscard]] std::shared_ptr<const VqganDecoder> detokenizer() const;

 private:
  template <typename Part, typename Make>
  std::shared_ptr<const Part> get(std::shared_ptr<const LoadedPart<Part>>& kept,
                                  const Make& make) const;
  void load_all();

  Checkpoint checkpoint_;
  WeightType weight_type_;
  DalleConfig config_;
  DalleStages stages_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const LoadedPart<DalleEncoder>> encoder_;
  mutable std::shared_ptr<const LoadedPart<DalleDecoder>> decoder_;
  mutable std::shared_ptr<const LoadedPart<VqganDecoder>> detokenizer_;
};

}  // namespace blip

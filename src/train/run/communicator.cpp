// Gloo and NCCL are compiled in if CMake found that they can be (CMakeLists.txt says how).
#include "train/run/communicator.hpp"

#include <torch/torch.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#if __has_include(<torch/csrc/distributed/c10d/Backend.hpp>)
#include <torch/csrc/distributed/c10d/Backend.hpp>
#endif
#ifdef BLIP_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef BLIP_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <string_view>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip::train {
namespace {

// libtorch 2 split what moves tensors off from c10d::ProcessGroup and called it Backend.
#if TORCH_VERSION_MAJOR >= 2
using Backend = c10d::Backend;
#else
using Backend = c10d::ProcessGroup;
#endif

std::string first_line(std::string_view text) {
  return in_quotes(text.substr(0, text.find('\n')));
}

std::string of_all(const LaunchEnvironment& launch) {
  return "process " + std::to_string(launch.rank) + " of " + std::to_string(launch.size);
}

c10::intrusive_ptr<c10d::Store> open_store(const LaunchEnvironment& launch,
                                           std::chrono::milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = launch.master_port;
  options.isServer = launch.rank == 0;
  options.numWorkers = static_cast<std::size_t>(launch.size);
  options.timeout = timeout;
  c10::intrusive_ptr<c10d::Store> store =
      c10::make_intrusive<c10d::TCPStore>(launch.master_address, options);
  return c10::make_intrusive<c10d::PrefixStore>("/blip-train/attempt_" + launch.attempt, store);
}

[[noreturn]] void throw_not_built([[maybe_unused]] const torch::Device& device) {
  throw Error(
      ErrorCode::unsupported,
      device.is_cuda()
          ? "this blip-train was built without NCCL, which several processes with GPUs need: "
            "build it against a libtorch that has CUDA"
          : "this blip-train was built without Gloo, which several processes need: install "
            "the headers of Gloo (libgloo-dev) and build it again");
}

c10::intrusive_ptr<Backend> make_backend([[maybe_unused]] c10::intrusive_ptr<c10d::Store> store,
                                         [[maybe_unused]] const LaunchEnvironment& launch,
                                         const torch::Device& device,
                                         [[maybe_unused]] std::chrono::milliseconds timeout) {
#ifdef BLIP_GLOO
  if (device.is_cpu()) {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
    return c10::make_intrusive<c10d::ProcessGroupGloo>(std::move(store), launch.rank, launch.size,
                                                       std::move(options));
  }
#endif
#ifdef BLIP_NCCL
  if (device.is_cuda()) {
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(std::move(store), launch.rank, launch.size,
                                                       std::move(options));
  }
#endif
  throw_not_built(device);
}

}  // namespace

struct Communicator::Connection {
  LaunchEnvironment launch;
  std::chrono::milliseconds timeout;
  c10::intrusive_ptr<Backend> backend;

  // Starts a collective and waits for it.
  template <typename Start>
  void run(const char* what, const Start& start) const {
    try {
      start()->wait(timeout);
    } catch (const std::exception& error) {
      throw Error(
          ErrorCode::network,
          of_all(launch) + ": " + what +
              " failed, another process has ended or does not answer: " + first_line(error.what()));
    }
  }
};

Communicator::Communicator(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}

Communicator::~Communicator() = default;

std::shared_ptr<Communicator> Communicator::connect(const LaunchEnvironment& launch,
                                                    const torch::Device& device,
                                                    std::chrono::milliseconds timeout) {
  try {
    auto connection = std::make_unique<Connection>();
    connection->launch = launch;
    connection->timeout = timeout;
    connection->backend = make_backend(open_store(launch, timeout), launch, device, timeout);
    return std::shared_ptr<Communicator>(new Communicator(std::move(connection)));
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ErrorCode::network,
                of_all(launch) + ": the processes do not meet at " + launch.master_address + ":" +
                    std::to_string(launch.master_port) + ": " + first_line(error.what()));
  }
}

void Communicator::all_reduce_sum(const torch::Tensor& tensor) const {
  std::vector<torch::Tensor> tensors = {tensor};
  connection_->run("all-reduce", [&] { return connection_->backend->allreduce(tensors); });
}

torch::Tensor Communicator::all_gather(const torch::Tensor& tensor) const {
  std::vector<std::int64_t> shape = tensor.sizes().vec();
  shape.insert(shape.begin(), connection_->launch.size);
  const torch::Tensor all = torch::empty(shape, tensor.options());
  std::vector<torch::Tensor> input = {tensor.contiguous()};
  std::vector<std::vector<torch::Tensor>> outputs = {all.unbind(0)};
  connection_->run("gather", [&] { return connection_->backend->allgather(outputs, input); });
  return all;
}

void Communicator::broadcast(const torch::Tensor& tensor) const {
  std::vector<torch::Tensor> tensors = {tensor};
  connection_->run("broadcast", [&] { return connection_->backend->broadcast(tensors); });
}

void Communicator::barrier() const {
  connection_->run("barrier", [&] { return connection_->backend->barrier(); });
}

}  // namespace blip::train

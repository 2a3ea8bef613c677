"""Captions over HTTP, by Ray Serve: each replica has one core, and Serve starts more when more is asked.

    serve run examples.ray.serve:app
    curl --data-binary @photo.jpg http://127.0.0.1:8000/

`blip serve` does this on one machine without Ray; this is for clusters that have Ray.
"""

from blip_cpp import ImageDescriber
from ray import serve
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse


@serve.deployment(num_replicas=1, ray_actor_options={"num_cpus": 1}, max_ongoing_requests=16)
class Captions:
    def __init__(self, describer):
        self.describer = describer

    @serve.batch(max_batch_size=8, batch_wait_timeout_s=0.01)
    async def describe(self, pictures):
        return await run_in_threadpool(self.describer, pictures)

    async def __call__(self, request):
        found = await self.describe(await request.body())
        if found.error is not None:
            return JSONResponse({"error": found.error}, status_code=400)
        return JSONResponse({"caption": found.caption})


app = Captions.bind(ImageDescriber(num_threads=1))

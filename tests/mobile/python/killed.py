"""A process that is killed at a step: `killed.py FILE TRUST STEP receive|present|codes|page LINK`."""

import asyncio
import sys
from pathlib import Path

import app
import symbolon


async def main(file, trust, step, action, link):
    wallet = app.open_wallet(app.open_file(file), Path(trust).read_bytes(), app.Observer(step))
    await wallet.recover()
    if action == "receive":
        offer = await wallet.receive_offer(link)
        await wallet.accept_offer(offer.flow, None)
    elif action == "page":
        origin, page = link.split(" ", 1)
        request = (await wallet.present_at_origin(Path(page).read_text(), origin)).request
        await wallet.answer_at_origin(request.flow, symbolon.Decision.SHARE(choice=request.smallest_choice))
    else:
        if action == "codes":
            request = await wallet.present_by_codes(symbolon.CodeMessage.REQUEST(object=link))
        else:
            request = await wallet.present(link)
        await wallet.answer_request(request.flow, symbolon.Decision.SHARE(choice=request.smallest_choice))


asyncio.run(main(*sys.argv[1:]))
